#include "exec/buffer.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>

#include "exec/huge_pages.h"

namespace nabla {
namespace {

constexpr size_t kAlignment = 64;
// From here on memory comes from calloc, which hands out pages that are zero already and take up memory only
// when they are touched: a program may declare far more scratch than it uses. And it lies on large pages:
// kernels go from row to row, each row in another page of 4 KiB, and cores look up 64 of those at full speed.
// (Below, the address sanitizer is to stand right at the end.)
constexpr size_t kLazyBytes = size_t{256} << 10;

}  // namespace

bool Buffer::ensure(size_t bytes, uint64_t owner) noexcept {
  if (bytes > size_) {
    release();
    if (!allocate(bytes)) return false;
  } else if (owner != owner_) {
    clean_ = 0;
  }
  owner_ = owner;
  // Only what this program can reach is cleaned, so that a small program after a large one costs little.
  if (clean_ < bytes) {
    std::memset(data_ + clean_, 0, bytes - clean_);
    clean_ = bytes;
  }
  return true;
}

bool Buffer::allocate(size_t bytes) noexcept {
  if (bytes >= kLazyBytes) {
    // Whole large pages, the first one ours from its beginning.
    if (bytes > std::numeric_limits<size_t>::max() - 2 * kHugePage) return false;
    const size_t whole = (bytes + kHugePage - 1) / kHugePage * kHugePage;
    zeroed_ = std::calloc(whole + kHugePage, 1);
    if (zeroed_ == nullptr) return false;
    const auto address = reinterpret_cast<uintptr_t>(zeroed_);
    data_ = static_cast<std::byte*>(zeroed_) + (kHugePage - address % kHugePage) % kHugePage;
    preferHugePages(data_, whole);
    clean_ = bytes;
  } else {
    data_ = static_cast<std::byte*>(::operator new(bytes, std::align_val_t{kAlignment}, std::nothrow));
    if (data_ == nullptr) return false;
  }
  size_ = bytes;
  return true;
}

void Buffer::release() noexcept {
  if (data_ == nullptr) return;
  if (zeroed_ != nullptr) {
    std::free(zeroed_);
  } else {
    ::operator delete(data_, std::align_val_t{kAlignment});
  }
  zeroed_ = nullptr;
  data_ = nullptr;
  size_ = clean_ = 0;
  owner_ = 0;
}

}  // namespace nabla
