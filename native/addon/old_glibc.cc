// Lets a binary built on a new Linux distribution load on an old one. The C++ library is linked in (see
// CMakeLists.txt and binding.gyp, which define NABLA_OLD_GLIBC), so that the one of the machine does not
// matter. With it come references to functions that glibc 2.34 moved from libpthread into libc under a new
// version, and to a flag that is new in 2.32. Here they are pointed at what every glibc has;
// test/runtime/binary.test.ts holds the outcome to glibc 2.28.
#if defined(NABLA_OLD_GLIBC)
#include <pthread.h>

// The linker's --wrap sends every call of f, those from inside the C++ library included, to __wrap_f.
#if defined(__GLIBC__) && defined(__x86_64__)
#define NABLA_FIRST(f) __asm__(".symver first_" #f "," #f "@GLIBC_2.2.5")
#define NABLA_LABEL(f) __asm__("first_" #f)
#elif defined(__GLIBC__) && defined(__aarch64__)
#define NABLA_FIRST(f) __asm__(".symver first_" #f "," #f "@GLIBC_2.17")
#define NABLA_LABEL(f) __asm__("first_" #f)
#else  // another C library or architecture: the function as it is
#define NABLA_FIRST(f) static_assert(true)
#define NABLA_LABEL(f) __asm__("__real_" #f)
#endif

NABLA_FIRST(pthread_create);
NABLA_FIRST(pthread_join);
NABLA_FIRST(pthread_once);
NABLA_FIRST(__pthread_key_create);

// NOLINTBEGIN(bugprone-reserved-identifier): the names are the linker's and glibc's.
extern "C" {

int firstCreate(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*) NABLA_LABEL(pthread_create);
int firstJoin(pthread_t, void**) NABLA_LABEL(pthread_join);
int firstOnce(pthread_once_t*, void (*)()) NABLA_LABEL(pthread_once);
int firstKeyCreate(pthread_key_t*, void (*)(void*)) NABLA_LABEL(__pthread_key_create);

int __wrap_pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                          void* argument) {
  return firstCreate(thread, attributes, start, argument);
}
int __wrap_pthread_join(pthread_t thread, void** result) { return firstJoin(thread, result); }
int __wrap_pthread_once(pthread_once_t* once, void (*function)()) { return firstOnce(once, function); }
int __wrap___pthread_key_create(pthread_key_t* key, void (*destructor)(void*)) {
  return firstKeyCreate(key, destructor);
}

#if defined(__GLIBC__)
// Reference counts of shared_ptr are atomic unless this says that there is one thread only. In a process of
// Node's there never is.
char __libc_single_threaded = 0;
#endif

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier)
#endif
