#pragma once

/// The version of muhat. CMake reads it from here, so it stands in one place.

#include <string_view>

#define MUHAT_VERSION_MAJOR 0
#define MUHAT_VERSION_MINOR 1
#define MUHAT_VERSION_PATCH 0
#define MUHAT_VERSION_STRING "0.1.0"

namespace muhat {

/// "major.minor.patch".
inline constexpr std::string_view version = MUHAT_VERSION_STRING;

} // namespace muhat
