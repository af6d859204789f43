// Zeroed, 64-byte aligned memory that is kept from call to call.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nabla {

// Bytes held by all buffers of the process: native memory a garbage collector does not see.
int64_t scratchBytes();

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
  std::byte* data_ = nullptr;
  size_t size_ = 0;
  size_t clean_ = 0;  // bytes from the start that hold zeros or the owner's values
  uint64_t owner_ = 0;
};

}  // namespace nabla
