#include <muhat/model/interpolation/codes.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>

using muhat::InterpolationCode;
using muhat::InterpolationCodes;

TEST_CASE("a code is chosen per modifier type by name") {
  InterpolationCodes codes;
  CHECK(codes.normsys == InterpolationCode::code4);
  CHECK(codes.histosys == InterpolationCode::code4p);
  muhat::set_interpolation_code(codes, "normsys", "code1");
  muhat::set_interpolation_code(codes, "histosys", "code2");
  CHECK(codes.normsys == InterpolationCode::code1);
  CHECK(codes.histosys == InterpolationCode::code2);
}

TEST_CASE("an unknown or unsuitable code lists the valid ones") {
  InterpolationCodes codes;
  for (const char* code : {"code3", "code0", "code2", "code4p", ""}) {
    CAPTURE(code);
    const std::string message = muhat::test::message_of<muhat::InvalidArgument>(
        [&] { muhat::set_interpolation_code(codes, "normsys", code); });
    CHECK(muhat::test::mentions(message, {"code1", "code4"}));
  }
  for (const char* code : {"code5", "code1", "code4"}) {
    CAPTURE(code);
    const std::string message = muhat::test::message_of<muhat::InvalidArgument>(
        [&] { muhat::set_interpolation_code(codes, "histosys", code); });
    CHECK(muhat::test::mentions(message, {"code0", "code2", "code4p"}));
  }
  CHECK_THROWS_AS(muhat::set_interpolation_code(codes, "shapesys", "code1"), muhat::InvalidArgument);
  CHECK_THROWS_AS(muhat::check_interpolation_codes({.normsys = InterpolationCode::code0}),
                  muhat::InvalidArgument);
  CHECK_THROWS_AS(muhat::check_interpolation_codes({.histosys = InterpolationCode::code4}),
                  muhat::InvalidArgument);
}
