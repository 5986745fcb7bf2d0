/// What a measurement may say of parameters, and what it may not.

#include <muhat/model/parameter_configuration.hpp>

#include <functional>
#include <string>
#include <vector>

#include <muhat/core/errors.hpp>
#include <muhat/model/build.hpp>

#include <support/catch.hpp>
#include <support/messages.hpp>
#include <support/specs.hpp>

namespace test = muhat::test;

namespace {

/// Channel with two bins and one modifier of each type.
muhat::spec::Model everything() {
  return test::single_sample(
      {50.0, 60.0}, {test::normfactor("mu"), test::normsys("norm", 1.1, 0.9),
                     test::histosys("shape", {51.0, 62.0}, {48.0, 59.0}), test::shapesys("gamma", {5.0, 0.0}),
                     test::staterror("stat", {1.0, 0.0}), test::shapefactor("free"), test::lumi()});
}

muhat::Model build(std::vector<muhat::spec::Parameter> parameters) {
  const auto is_lumi = [](const auto& parameter) { return parameter.name == "lumi"; };
  if (std::none_of(parameters.begin(), parameters.end(), is_lumi)) {
    parameters.push_back(test::lumi_configuration());
  }
  return muhat::build_model(everything().channels, test::measurement(parameters));
}

muhat::spec::Parameter with(const std::string& name,
                            const std::function<void(muhat::spec::Parameter&)>& change) {
  muhat::spec::Parameter parameter = test::configuration(name);
  change(parameter);
  return parameter;
}

const muhat::ConstraintTerm& constraint_of(const muhat::Model& model, const std::string& component) {
  const muhat::Index parameter = model.parameter_index(component);
  for (const muhat::ConstraintTerm& term : model.constraints()) {
    if (term.parameter == parameter) {
      return term;
    }
  }
  throw std::logic_error("unconstrained " + component);
}

} // namespace

TEST_CASE("inits and bounds replace the defaults of every component") {
  const muhat::Model model = build({with("gamma",
                                         [](auto& p) {
                                           p.inits = {0.9, 1.1};
                                           p.bounds = {{0.5, 2.0}, {0.6, 3.0}};
                                         }),
                                    with("mu", [](auto& p) {
                                      p.bounds = {{-1.0, 4.0}};
                                    })});
  const muhat::Index gamma = model.parameter_index("gamma[0]");
  CHECK(model.suggested_init()[gamma] == 0.9);
  CHECK(model.suggested_init()[gamma + 1] == 1.1);
  CHECK(model.suggested_lower()[gamma + 1] == 0.6);
  CHECK(model.suggested_upper()[gamma] == 2.0);
  const muhat::Index mu = model.parameter_index("mu");
  CHECK(model.suggested_init()[mu] == 1.0);
  CHECK(model.suggested_lower()[mu] == -1.0);
  CHECK(model.suggested_upper()[mu] == 4.0);
}

TEST_CASE("fixed is one flag for the whole set and replaces the suggestion per bin") {
  const auto fixed = [](const muhat::Model& model, const std::string& component) {
    return model.suggested_fixed()[static_cast<std::size_t>(model.parameter_index(component))];
  };
  const muhat::Model defaults = build({});
  CHECK_FALSE(fixed(defaults, "gamma[0]"));
  CHECK(fixed(defaults, "gamma[1]"));
  CHECK(fixed(defaults, "stat[1]"));
  const muhat::Model configured =
      build({with("gamma", [](auto& p) { p.fixed = false; }), with("stat", [](auto& p) { p.fixed = true; }),
             with("mu", [](auto& p) { p.fixed = true; })});
  CHECK_FALSE(fixed(configured, "gamma[1]"));
  CHECK(fixed(configured, "stat[0]"));
  CHECK(fixed(configured, "stat[1]"));
  CHECK(fixed(configured, "mu"));
  CHECK(configured.nauxdata() == defaults.nauxdata());
}

TEST_CASE("auxdata and factors of a shapesys are independent of each other") {
  const muhat::Model factors = build({with("gamma", [](auto& p) { p.factors = {30.0, 40.0}; })});
  CHECK(constraint_of(factors, "gamma[0]").scale == 30.0);
  CHECK(constraint_of(factors, "gamma[0]").auxdata == Approx(100.0));
  const muhat::Model auxdata = build({with("gamma", [](auto& p) { p.auxdata = {30.0, 40.0}; })});
  CHECK(constraint_of(auxdata, "gamma[0]").scale == Approx(100.0));
  CHECK(constraint_of(auxdata, "gamma[1]").auxdata == 40.0);
}

TEST_CASE("sigmas and auxdata of a staterror replace width and center") {
  const muhat::Model model = build({with("stat", [](auto& p) {
    p.sigmas = {0.3, 0.4};
    p.auxdata = {1.1, 0.9};
  })});
  CHECK(constraint_of(model, "stat[0]").scale == 0.3);
  CHECK(constraint_of(model, "stat[1]").scale == 0.4);
  CHECK(constraint_of(model, "stat[0]").auxdata == 1.1);
}

TEST_CASE("auxdata of a pull moves its center") {
  const muhat::Model model = build({with("norm", [](auto& p) { p.auxdata = {0.5}; })});
  CHECK(constraint_of(model, "norm").auxdata == 0.5);
}

TEST_CASE("a configuration of no parameter is ignored") {
  const muhat::Model model = build({with("nowhere", [](auto& p) { p.inits = {1.0, 2.0, 3.0}; })});
  CHECK(model.par_names() == build({}).par_names());
}

TEST_CASE("two configurations of one name are an error") {
  const auto twice = with("mu", [](auto& p) { p.inits = {2.0}; });
  const std::string message = test::message_of<muhat::InvalidModel>([&] { (void)build({twice, twice}); });
  CHECK(test::mentions(message, {"\"mu\"", "twice"}));
}

TEST_CASE("a list of the wrong length is an error that names the parameter") {
  const std::vector<std::pair<std::string, muhat::spec::Parameter>> cases{
      {"inits", with("mu",
                     [](auto& p) {
                       p.inits = {1.0, 2.0};
                     })},
      {"inits", with("gamma", [](auto& p) { p.inits = {1.0}; })},
      {"inits", with("free", [](auto& p) { p.inits = std::vector<double>{}; })},
      {"bounds", with("stat",
                      [](auto& p) {
                        p.bounds = {{0.0, 1.0}};
                      })},
      {"auxdata", with("norm",
                       [](auto& p) {
                         p.auxdata = {0.0, 0.0};
                       })},
      {"sigmas", with("stat", [](auto& p) { p.sigmas = {0.1}; })},
      {"factors", with("gamma", [](auto& p) {
         p.factors = {0.1, 0.2, 0.3};
       })}};
  for (const auto& [attribute, parameter] : cases) {
    CAPTURE(attribute, parameter.name);
    const muhat::spec::Parameter& configured = parameter;
    const std::string message = test::message_of<muhat::InvalidModel>([&] { (void)build({configured}); });
    CHECK(test::mentions(message, {"\"" + parameter.name + "\"", attribute}));
  }
}

TEST_CASE("errors say where in its document a configuration stands, and in which component") {
  muhat::spec::Parameter parameter = with("stat", [](auto& p) {
    p.pointer = "/measurements/1/config/parameters/4";
    p.sigmas = {0.1, -2.0};
  });
  const auto message = [&] {
    return test::message_of<muhat::InvalidModel>([&] { (void)build({parameter}); });
  };
  CHECK(test::mentions(message(), {"\"/measurements/1/config/parameters/4/sigmas\"", "sigmas[1] = -2"}));
  parameter.sigmas = {0.1};
  CHECK(test::mentions(message(),
                       {"\"/measurements/1/config/parameters/4/sigmas\"", "1 sigmas", "2 components"}));
  parameter.sigmas.reset();
  parameter.factors = {1.0, 1.0};
  CHECK(test::mentions(message(), {"\"/measurements/1/config/parameters/4/factors\"", "staterror"}));
}

TEST_CASE("an attribute that the parameter does not have is an error that names both") {
  const std::vector<std::pair<std::string, muhat::spec::Parameter>> cases{
      {"auxdata", with("mu", [](auto& p) { p.auxdata = {1.0}; })},
      {"auxdata", with("free",
                       [](auto& p) {
                         p.auxdata = {1.0, 1.0};
                       })},
      {"sigmas", with("mu", [](auto& p) { p.sigmas = {1.0}; })},
      {"sigmas", with("norm", [](auto& p) { p.sigmas = {1.0}; })},
      {"sigmas", with("shape", [](auto& p) { p.sigmas = {1.0}; })},
      {"sigmas", with("gamma",
                      [](auto& p) {
                        p.sigmas = {1.0, 1.0};
                      })},
      {"factors", with("stat",
                       [](auto& p) {
                         p.factors = {1.0, 1.0};
                       })},
      {"factors", with("mu", [](auto& p) { p.factors = {1.0}; })},
      {"factors", with("norm", [](auto& p) { p.factors = {1.0}; })}};
  for (const auto& [attribute, parameter] : cases) {
    CAPTURE(attribute, parameter.name);
    const muhat::spec::Parameter& configured = parameter;
    const std::string message = test::message_of<muhat::InvalidModel>([&] { (void)build({configured}); });
    CHECK(test::mentions(message, {"\"" + parameter.name + "\"", attribute}));
  }
}

TEST_CASE("a width or rate that is not positive is an error that names the parameter") {
  for (const double bad : {0.0, -1.0}) {
    const auto sigma = with("stat", [&](auto& p) { p.sigmas = {0.1, bad}; });
    const auto factor = with("gamma", [&](auto& p) { p.factors = {bad, 1.0}; });
    for (const auto& parameter : {sigma, factor}) {
      const std::string message = test::message_of<muhat::InvalidModel>([&] { (void)build({parameter}); });
      CHECK(test::mentions(message, {"\"" + parameter.name + "\""}));
    }
  }
}

TEST_CASE("bounds that are no interval are an error that names the parameter") {
  const auto reversed = with("mu", [](auto& p) { p.bounds = {{2.0, 1.0}}; });
  const std::string message = test::message_of<muhat::InvalidModel>([&] { (void)build({reversed}); });
  CHECK(test::mentions(message, {"\"mu\""}));
}

TEST_CASE("a width whose inverse is no number is an error that names the parameter") {
  const std::string message =
      test::message_of<muhat::InvalidModel>([] { (void)build({test::lumi_configuration(1.0, 1e-310)}); });
  CHECK(test::mentions(message, {"\"lumi\"", "sigma", "1e-310"}));
}
