#pragma once

#include <muhat/core/linear_algebra.hpp>
#include <muhat/model/model.hpp>

double log_density(const muhat::Model& model, const muhat::Vector& parameters, const muhat::Vector& data);
