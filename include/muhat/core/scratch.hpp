#pragma once

/// Scratch memory that its owner's copies do not get, and that owners in one thread may share.

#include <memory>

namespace muhat {

/// A T for temporary results. A copy of the owner, perhaps for another thread, begins with one of its own;
/// owners that share one stay in one thread together, also when they are moved.
template <class T>
class Scratch {
public:
  Scratch() : memory_(std::make_shared<T>()) {}
  Scratch(const Scratch&) : Scratch() {}
  Scratch(Scratch&&) noexcept = default;
  Scratch& operator=(const Scratch& other) { return this == &other ? *this : *this = Scratch(other); }
  Scratch& operator=(Scratch&&) noexcept = default;
  ~Scratch() = default;

  /// Uses the memory of an owner that belongs to the same thread, now and from now on.
  void share(const Scratch& other) { memory_ = other.memory_; }

  [[nodiscard]] T& operator*() const noexcept { return *memory_; }

private:
  std::shared_ptr<T> memory_;
};

} // namespace muhat
