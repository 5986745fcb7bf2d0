// Yields replaced in place give the model that a new specification would give.
#include <muhat/model/build.hpp>
#include <muhat/model/signal_hypothesis.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/oracle.hpp>
#include <support/random_models.hpp>

namespace {

using muhat::Index;

/// A channel of two samples with everything that a signal may carry.
muhat::spec::Model specification(const std::vector<double>& yields, const std::vector<double>& hi,
                                 const std::vector<double>& lo, double norm,
                                 const std::vector<double>& stat) {
  using namespace muhat::spec;
  Model model;
  Sample signal{"signal",
                yields,
                {{"mu", "normfactor", NoData{}},
                 {"shape", "histosys", HistoSysData{hi, lo}},
                 {"norm", "normsys", NormSysData{norm, 1.0 / norm}},
                 {"stat", "staterror", stat}}};
  Sample background{"background",
                    {50.0, 60.0, 0.0},
                    {{"shape", "histosys", HistoSysData{{52.0, 61.0, 0.5}, {47.0, 60.0, 0.0}}},
                     {"stat", "staterror", BinData{3.0, 2.0, 0.0}}}};
  model.channels = {{"SR", {signal, background}}};
  return model;
}

void require_same(const muhat::Model& a, const muhat::Model& b) {
  REQUIRE(a.par_names() == b.par_names());
  CHECK(a.suggested_fixed() == b.suggested_fixed());
  for (std::size_t i = 0; i < a.constraints().size(); ++i) {
    CHECK(a.constraints()[i].scale == Approx(b.constraints()[i].scale).epsilon(1e-14));
  }
  for (const double alpha : {-1.5, -0.4, 0.0, 0.7, 2.0}) {
    muhat::Vector pars = a.suggested_init();
    pars.array() += alpha;
    const muhat::Vector left = a.expected_actualdata(pars);
    const muhat::Vector right = b.expected_actualdata(pars);
    for (Index i = 0; i < left.size(); ++i) {
      CHECK(left[i] == Approx(right[i]).epsilon(1e-13).margin(1e-13));
    }
  }
}

} // namespace

TEST_CASE("yields and modifier data replaced in place equal a model built anew", "[signal_hypothesis]") {
  const auto old = muhat::build_model(
      specification({5.0, 0.0, 2.0}, {6.0, 0.0, 2.5}, {4.0, 0.0, 1.8}, 1.1, {0.5, 0.0, 0.1}), "mu");
  const muhat::SampleHypothesis hypothesis{"SR",
                                           "signal",
                                           {3.0, 7.0, 0.0},
                                           {{"shape", {{3.5, 7.5, 0.1}, {2.0, 6.0, 0.0}}}},
                                           {{"norm", {1.3, 1.0 / 1.3}}},
                                           {{"stat", {0.2, 0.3, 0.4}}}};
  const auto replaced = muhat::with_signal(old, {hypothesis});
  const auto anew = muhat::build_model(
      specification({3.0, 7.0, 0.0}, {3.5, 7.5, 0.1}, {2.0, 6.0, 0.0}, 1.3, {0.2, 0.3, 0.4}), "mu");
  require_same(replaced, anew);
  SECTION("and the first model is as it was") {
    require_same(old, muhat::build_model(specification({5.0, 0.0, 2.0}, {6.0, 0.0, 2.5}, {4.0, 0.0, 1.8}, 1.1,
                                                       {0.5, 0.0, 0.1}),
                                         "mu"));
  }
}

TEST_CASE("modifier data that are not given scale with the yields", "[signal_hypothesis]") {
  const auto old = muhat::build_model(
      specification({5.0, 1.0, 2.0}, {6.0, 1.5, 2.5}, {4.0, 0.5, 1.8}, 1.1, {0.5, 0.1, 0.1}), "mu");
  const auto replaced = muhat::with_signal(old, {{"SR", "signal", {10.0, 0.5, 0.0}}});
  const auto anew = muhat::build_model(
      specification({10.0, 0.5, 0.0}, {12.0, 0.75, 0.0}, {8.0, 0.25, 0.0}, 1.1, {1.0, 0.05, 0.0}), "mu");
  require_same(replaced, anew);
}

TEST_CASE("a hypothesis that does not fit the model is refused by name", "[signal_hypothesis]") {
  const auto model = muhat::build_model(
      specification({5.0, 1.0, 2.0}, {6.0, 1.5, 2.5}, {4.0, 0.5, 1.8}, 1.1, {0.5, 0.1, 0.1}), "mu");
  CHECK_THROWS_AS(muhat::with_signal(model, {{"SR", "signals", {1.0, 1.0, 1.0}}}), muhat::UnknownName);
  CHECK_THROWS_AS(muhat::with_signal(model, {{"SR", "signal", {1.0, 1.0}}}), muhat::InvalidArgument);
  CHECK_THROWS_AS(
      muhat::with_signal(model, {{"SR", "signal", {1.0, 1.0, std::numeric_limits<double>::quiet_NaN()}}}),
      muhat::InvalidArgument);
  CHECK_THROWS_AS(muhat::with_signal(model, {{"SR", "signal", {1.0, 1.0, 1.0}, {}, {{"shape", {1.1, 0.9}}}}}),
                  muhat::UnknownName);
  CHECK_THROWS_AS(muhat::with_signal(model, {{"SR", "signal", {1.0, 1.0, 1.0}, {}, {{"norm", {1.1, -0.9}}}}}),
                  muhat::InvalidArgument);
  const auto refusal = [&](const muhat::SampleHypothesis& hypothesis) {
    return muhat::test::message_of<muhat::InvalidArgument>(
        [&] { (void)muhat::with_signal(model, {hypothesis}); });
  };
  const std::vector<double> ones{1.0, 1.0, 1.0};
  CHECK(muhat::test::mentions(refusal({"SR", "signal", ones, {}, {{"norm", {1e308, 0.9}}}}),
                              {"norm", "signal", "SR", "1e+308"}));
  CHECK(muhat::test::mentions(
      refusal({"SR", "signal", ones, {{"shape", {{1.0, 1e308, 1.0}, {1.0, -1e308, 1.0}}}}}),
      {"shape", "signal", "SR", "bin 1"}));
  CHECK(muhat::test::mentions(refusal({"SR", "signal", ones, {}, {}, {{"stat", {0.1, 1e160, 0.1}}}}),
                              {"stat", "component 1"}));
}

TEST_CASE("a parameter that gains an effect brings its kink along", "[signal_hypothesis]") {
  using namespace muhat::spec;
  const auto with_factor = [](double hi) {
    Model model;
    model.channels = {
        {"SR", {{"signal", {5.0}, {{"norm", "normsys", NormSysData{hi, 1.0}}}}, {"background", {50.0}, {}}}}};
    return model;
  };
  const muhat::ModelOptions options{.interpolation = {.normsys = muhat::InterpolationCode::code1}};
  const auto old = muhat::build_model(with_factor(1.0), "", options);
  REQUIRE(old.kinks().empty());
  const auto replaced = muhat::with_signal(old, {{"SR", "signal", {5.0}, {}, {{"norm", {2.0, 1.0}}}}});
  REQUIRE(replaced.kinks().size() == 1);
  CHECK(replaced.kinks().front().parameter ==
        muhat::build_model(with_factor(2.0), "", options).kinks().front().parameter);
  CHECK(old.kinks().empty());
}

TEST_CASE("a sample listed twice is refused by name", "[signal_hypothesis]") {
  const auto model = muhat::build_model(
      specification({5.0, 1.0, 2.0}, {6.0, 1.5, 2.5}, {4.0, 0.5, 1.8}, 1.1, {0.5, 0.1, 0.1}), "mu");
  const std::string message = muhat::test::message_of<muhat::InvalidArgument>([&] {
    (void)muhat::with_signal(model, {{"SR", "signal", {10.0, 2.0, 4.0}}, {"SR", "signal", {5.0, 1.0, 2.0}}});
  });
  CHECK(muhat::test::mentions(message, {"\"signal\"", "\"SR\"", "twice"}));
}

TEST_CASE("factors of other samples keep their bits when a signal gains one", "[signal_hypothesis]") {
  using namespace muhat::spec;
  const auto with_factor = [](double hi, double other) {
    Model model;
    model.channels = {
        {"SR",
         {{"signal", {5.0}, {{"norm", "normsys", NormSysData{hi, 1.0}}}},
          {"background", {50.0}, {{"other", "normsys", NormSysData{other, 1.0 / (other + 0.01)}}}}}}};
    return muhat::build_model(model);
  };
  for (int i = 0; i < 50; ++i) {
    const double other = 3.0 + 0.137 * i; // large, as small ones survive exp(log)
    const auto replaced =
        muhat::with_signal(with_factor(1.0, other), {{"SR", "signal", {5.0}, {}, {{"norm", {1.3, 1.0}}}}});
    const auto anew = with_factor(1.3, other);
    for (const double alpha : {-2.0, -0.3, 0.6, 1.5}) {
      const muhat::Vector pars = muhat::Vector::Constant(2, alpha);
      REQUIRE(replaced.expected_actualdata(pars)[0] == anew.expected_actualdata(pars)[0]);
    }
  }
}
