#pragma once

/// The modifier kinds of HistFactory, in parameter order.

#include <muhat/model/modifiers/histosys.hpp>
#include <muhat/model/modifiers/lumi.hpp>
#include <muhat/model/modifiers/normfactor.hpp>
#include <muhat/model/modifiers/normsys.hpp>
#include <muhat/model/modifiers/shapefactor.hpp>
#include <muhat/model/modifiers/shapesys.hpp>
#include <muhat/model/modifiers/staterror.hpp>

namespace muhat {

using StandardModifiers = ModifierList<HistoSys, Lumi, NormFactor, NormSys, ShapeFactor, ShapeSys, StatError>;

} // namespace muhat
