// Zeroed, 64-byte aligned memory that is kept from call to call.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nabla {

class Buffer {
 public:
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { release(); }

  // At least `bytes` bytes that hold zeros or what this `owner` left there: a program that reads before it
  // writes sees nothing of another program. False when memory ends; the buffer is then empty.
  bool ensure(size_t bytes, uint64_t owner) noexcept;
  void release() noexcept;

  std::byte* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  bool allocate(size_t bytes) noexcept;

  void* zeroed_ = nullptr;  // what calloc gave, if it was calloc
  std::byte* data_ = nullptr;
  size_t size_ = 0;
  size_t clean_ = 0;  // bytes from the start that hold zeros or the owner's values
  uint64_t owner_ = 0;
};

}  // namespace nabla
