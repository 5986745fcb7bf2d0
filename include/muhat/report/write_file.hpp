#pragma once

/// Files that are complete or absent: the text goes to a new file beside the
/// target, which then takes the target's name in one step.

#include <muhat/core/errors.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace muhat {

namespace detail {

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

using File = std::unique_ptr<std::FILE, CloseFile>;

/// Writes everything and closes. False, with errno set, where that fails.
inline bool write_and_close(File file, std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), file.get()) == text.size();
  return std::fclose(file.release()) == 0 && written;
}

[[noreturn]] inline void refuse_to_write(const std::filesystem::path& target, int error) {
  throw InvalidArgument("cannot write \"" + target.string() + "\": " + std::strerror(error) +
                        "; name a file in a directory you may write to");
}

/// A file that did not exist before, open for writing; `path` becomes its name.
inline File open_beside(const std::filesystem::path& target, std::filesystem::path& path) {
  constexpr int attempts = 1000;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    path = target;
    path += ".part" + std::to_string(attempt);
    if (File file{std::fopen(path.c_str(), "wbx")}) {
      return file;
    }
    if (errno != EEXIST) {
      refuse_to_write(target, errno);
    }
  }
  throw InvalidArgument("cannot write \"" + target.string() + "\": " + std::to_string(attempts) +
                        " unfinished files \"" + target.string() + ".part*\" stand beside it; delete them");
}

/// The file that a chain of symbolic links ends at, whether it exists or not; `path` itself where it is none.
/// Throws InvalidArgument for links that go round in a circle.
inline std::filesystem::path follow_links(const std::filesystem::path& path) {
  constexpr int most = 40;
  std::filesystem::path target = path;
  std::error_code ignored;
  for (int links = 0; std::filesystem::is_symlink(target, ignored); ++links) {
    if (links == most) {
      refuse_to_write(path, ELOOP);
    }
    target = target.parent_path() / std::filesystem::read_symlink(target, ignored);
  }
  return target;
}

/// Whether a path names something that is written to as it stands: a pipe, a terminal.
inline bool is_special_file(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored);
}

} // namespace detail

/// Finds out whether `write_file` could make the file `path`, and leaves nothing behind; pipes and devices
/// are left alone. Throws InvalidArgument where no file can be made there.
inline void require_writable(const std::filesystem::path& path) {
  if (!detail::is_special_file(path)) {
    std::filesystem::path part;
    (void)detail::open_beside(detail::follow_links(path), part);
    std::error_code ignored;
    std::filesystem::remove(part, ignored);
  }
}

/// Writes `text` to the file `path`, which is then either complete or as it was before.
/// A target that is no regular file (a pipe, a terminal) is written to directly.
/// Throws InvalidArgument where no file can be made there, ComputationError where writing fails half-way.
inline void write_file(const std::filesystem::path& path, std::string_view text) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (detail::is_special_file(path)) {
    detail::File file{std::fopen(path.c_str(), "wb")};
    if (!file) {
      detail::refuse_to_write(path, errno);
    }
    if (!detail::write_and_close(std::move(file), text)) {
      throw ComputationError("writing \"" + path.string() + "\" failed: " + std::strerror(errno));
    }
    return;
  }
  // Through a symbolic link: the file it names is replaced, not the link.
  const fs::path target = detail::follow_links(path);
  fs::path part;
  detail::File file = detail::open_beside(target, part);
  if (!detail::write_and_close(std::move(file), text)) {
    const int error = errno;
    fs::remove(part, ignored);
    throw ComputationError("writing \"" + path.string() + "\" failed: " + std::strerror(error));
  }
  if (fs::exists(target, ignored)) {
    fs::permissions(part, fs::status(target).permissions(), ignored);
  }
  std::error_code failure;
  fs::rename(part, target, failure);
  if (failure) {
    fs::remove(part, ignored);
    throw ComputationError("writing \"" + path.string() + "\" failed: " + failure.message());
  }
}

} // namespace muhat
