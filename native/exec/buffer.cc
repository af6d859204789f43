#include "exec/buffer.h"

#include <atomic>
#include <cstring>
#include <new>

namespace nabla {
namespace {

constexpr std::align_val_t kAlignment{64};
std::atomic<int64_t> heldBytes{0};

}  // namespace

int64_t scratchBytes() { return heldBytes.load(std::memory_order_relaxed); }

bool Buffer::ensure(size_t bytes, uint64_t owner) noexcept {
  if (bytes > size_) {
    release();
    data_ = static_cast<std::byte*>(::operator new(bytes, kAlignment, std::nothrow));
    if (data_ == nullptr) return false;
    size_ = bytes;
    heldBytes.fetch_add(static_cast<int64_t>(bytes), std::memory_order_relaxed);
  }
  // Only what this program can reach is cleaned, so that a small program after a large one costs little.
  if (owner != owner_) clean_ = 0;
  owner_ = owner;
  if (clean_ < bytes) {
    std::memset(data_ + clean_, 0, bytes - clean_);
    clean_ = bytes;
  }
  return true;
}

void Buffer::release() noexcept {
  if (data_ == nullptr) return;
  ::operator delete(data_, kAlignment);
  heldBytes.fetch_sub(static_cast<int64_t>(size_), std::memory_order_relaxed);
  data_ = nullptr;
  size_ = clean_ = 0;
  owner_ = 0;
}

}  // namespace nabla
