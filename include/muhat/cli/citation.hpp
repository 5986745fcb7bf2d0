#pragma once

/// What `muhat --citation` prints.

#include <string>

namespace muhat::cli {

/// BibTeX entries for the software and for the methods that its numbers come from.
inline std::string citation_text(const std::string& version) {
  return "@software{muhat,\n"
         "  author  = {{The muhat authors}},\n"
         "  title   = {muhat: HistFactory statistics as a C++ library},\n"
         "  version = {" +
         version +
         "},\n"
         "  license = {MIT}\n"
         "}\n"
         "\n"
         "% The models\n"
         "@techreport{Cranmer:2012sba,\n"
         "  author      = {Cranmer, Kyle and Lewis, George and Moneta, Lorenzo and Shibata, Akira and\n"
         "                 Verkerke, Wouter},\n"
         "  title       = {{HistFactory: A tool for creating statistical models for use with RooFit and\n"
         "                 RooStats}},\n"
         "  number      = {CERN-OPEN-2012-016},\n"
         "  institution = {New York U.},\n"
         "  year        = {2012}\n"
         "}\n"
         "\n"
         "% The asymptotic formulae\n"
         "@article{Cowan:2010js,\n"
         "  author        = {Cowan, Glen and Cranmer, Kyle and Gross, Eilam and Vitells, Ofer},\n"
         "  title         = {{Asymptotic formulae for likelihood-based tests of new physics}},\n"
         "  journal       = {Eur. Phys. J. C},\n"
         "  volume        = {71},\n"
         "  pages         = {1554},\n"
         "  year          = {2011},\n"
         "  doi           = {10.1140/epjc/s10052-011-1554-0},\n"
         "  eprint        = {1007.1727},\n"
         "  archivePrefix = {arXiv}\n"
         "}\n";
}

} // namespace muhat::cli
