#include <muhat/model/bundles/interpolated_factor_bundle.hpp>

#include <support/catch.hpp>

#include <cstdint>
#include <vector>

using namespace muhat;

namespace {

using Entry = InterpolatedFactor<double>;
using Bundle = InterpolatedFactorBundle<double>;

Column<double> factors(const Bundle& bundle, double alpha) {
  const Column<double> parameters = Column<double>::Constant(12, alpha);
  Column<double> product = Column<double>::Ones(32);
  Bundle::Tape<double> tape;
  bundle.forward(parameters.data(), product.data(), tape, Slopes::left);
  return product;
}

void require_same_bits(const Bundle& a, const Bundle& b) {
  REQUIRE(a.parameters() == b.parameters());
  REQUIRE(a.bytes() == b.bytes());
  for (const double alpha : {-1.7, -0.4, 0.0, 0.8, 2.3}) {
    CHECK((factors(a, alpha) == factors(b, alpha)).all());
  }
}

} // namespace

TEST_CASE("factors set one by one in any order are to the last bit those of a table built at once") {
  std::vector<Entry> entries;
  for (const std::int32_t parameter : {2, 5, 9}) {
    for (const std::int32_t cell : {1, 6, 9, 17, 30}) {
      const double size = 0.37 * parameter + 0.11 * cell;
      entries.push_back({parameter, cell, 3.0 + size, 1.0 / (2.0 + size)});
    }
  }
  for (const InterpolationCode code : {InterpolationCode::code1, InterpolationCode::code4}) {
    const Bundle at_once(entries, code);
    for (const std::size_t step : {1U, 2U, 4U, 7U, 11U, 13U, 14U}) {
      CAPTURE(step);
      Bundle one_by_one({}, code);
      for (std::size_t i = 0; i < entries.size(); ++i) {
        one_by_one.set(entries[(3 + i * step) % entries.size()]);
      }
      require_same_bits(one_by_one, at_once);
    }
  }
}

TEST_CASE("a factor 1 needs no place, and takes back one that has its place") {
  const Entry some{3, 4, 1.2, 0.9};
  Bundle bundle({some}, InterpolationCode::code4);
  bundle.set({3, 12, 1.0, 1.0});
  bundle.set({1, 4, 1.0, 1.0});
  require_same_bits(bundle, Bundle({some}, InterpolationCode::code4));
  bundle.set({3, 4, 1.0, 1.0});
  CHECK((factors(bundle, 0.7) == 1.0).all());
}

TEST_CASE("only factors far from 1 may be negative, and only between the variations of code4") {
  const Entry near{3, 4, 1.3, 0.8};
  const Entry far{5, 9, 0.998, 230.0};
  CHECK_FALSE(Bundle({near}, InterpolationCode::code4).may_be_negative());
  CHECK_FALSE(Bundle({near, far}, InterpolationCode::code1).may_be_negative());
  CHECK(Bundle({near, far}, InterpolationCode::code4).may_be_negative());
  Bundle changed({near}, InterpolationCode::code4);
  changed.set(far);
  CHECK(changed.may_be_negative());
}
