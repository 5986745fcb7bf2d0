#pragma once

/// Which interpolation between the -1, 0 and +1 standard deviation templates a
/// modifier type uses. The codes are numbered as in HistFactory.

#include <muhat/core/errors.hpp>

#include <string>
#include <string_view>

namespace muhat {

enum class InterpolationCode { code0, code1, code2, code4, code4p };

[[nodiscard]] constexpr std::string_view to_string(InterpolationCode code) noexcept {
  switch (code) {
  case InterpolationCode::code0:
    return "code0";
  case InterpolationCode::code1:
    return "code1";
  case InterpolationCode::code2:
    return "code2";
  case InterpolationCode::code4:
    return "code4";
  case InterpolationCode::code4p:
    return "code4p";
  }
  return "unknown";
}

/// The code of each modifier type that interpolates.
struct InterpolationCodes {
  /// code1 or code4.
  InterpolationCode normsys = InterpolationCode::code4;
  /// code0, code2 or code4p.
  InterpolationCode histosys = InterpolationCode::code4p;
};

/// Throws InvalidArgument, listing the valid codes, for one that does not suit its modifier type.
inline void check_interpolation_codes(const InterpolationCodes& codes) {
  if (codes.normsys != InterpolationCode::code1 && codes.normsys != InterpolationCode::code4) {
    throw InvalidArgument("interpolation code \"" + std::string(to_string(codes.normsys)) +
                          "\" does not suit normsys; valid codes are code1 and code4");
  }
  if (codes.histosys != InterpolationCode::code0 && codes.histosys != InterpolationCode::code2 &&
      codes.histosys != InterpolationCode::code4p) {
    throw InvalidArgument("interpolation code \"" + std::string(to_string(codes.histosys)) +
                          "\" does not suit histosys; valid codes are code0, code2 and code4p");
  }
}

/// Sets the code of one modifier type by names, e.g. ("normsys", "code1").
/// Throws InvalidArgument, listing what is valid, and then leaves `codes` as it was.
inline void set_interpolation_code(InterpolationCodes& codes, std::string_view type, std::string_view name) {
  for (const InterpolationCode code :
       {InterpolationCode::code0, InterpolationCode::code1, InterpolationCode::code2,
        InterpolationCode::code4, InterpolationCode::code4p}) {
    if (name != to_string(code)) {
      continue;
    }
    InterpolationCodes chosen = codes;
    if (type == "normsys") {
      chosen.normsys = code;
    } else if (type == "histosys") {
      chosen.histosys = code;
    } else {
      throw InvalidArgument("modifier type \"" + std::string(type) +
                            "\" has no interpolation code; normsys and histosys have one");
    }
    check_interpolation_codes(chosen);
    codes = chosen;
    return;
  }
  throw InvalidArgument("unknown interpolation code \"" + std::string(name) + "\" for \"" +
                        std::string(type) +
                        "\"; normsys takes code1 or code4, histosys takes code0, code2 or code4p");
}

} // namespace muhat
