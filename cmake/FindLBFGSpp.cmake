# LBFGS++ is header-only; distributions ship its headers with or without a CMake package.
# Defines LBFGSpp_FOUND and the target LBFGSpp::LBFGSpp (which needs Eigen3::Eigen).
find_path(LBFGSpp_INCLUDE_DIR NAMES LBFGSB.h DOC "Folder that holds LBFGSB.h")
mark_as_advanced(LBFGSpp_INCLUDE_DIR)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LBFGSpp REQUIRED_VARS LBFGSpp_INCLUDE_DIR)

if(LBFGSpp_FOUND AND NOT TARGET LBFGSpp::LBFGSpp)
  add_library(LBFGSpp::LBFGSpp INTERFACE IMPORTED)
  set_target_properties(LBFGSpp::LBFGSpp PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${LBFGSpp_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES Eigen3::Eigen)
endif()
