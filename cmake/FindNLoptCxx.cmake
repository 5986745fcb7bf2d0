# NLopt with its C++ header nlopt.hpp. Debian splits it into two packages whose CMake files define
# different targets, so the parts are looked up one by one.
# Defines NLoptCxx_FOUND and the target NLoptCxx::NLoptCxx.
find_path(NLoptCxx_INCLUDE_DIR NAMES nlopt.hpp DOC "Folder that holds nlopt.hpp")
find_library(NLoptCxx_LIBRARY NAMES nlopt nlopt_cxx DOC "The NLopt library")
mark_as_advanced(NLoptCxx_INCLUDE_DIR NLoptCxx_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(NLoptCxx REQUIRED_VARS NLoptCxx_LIBRARY NLoptCxx_INCLUDE_DIR)

if(NLoptCxx_FOUND AND NOT TARGET NLoptCxx::NLoptCxx)
  add_library(NLoptCxx::NLoptCxx UNKNOWN IMPORTED)
  set_target_properties(NLoptCxx::NLoptCxx PROPERTIES
    IMPORTED_LOCATION "${NLoptCxx_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${NLoptCxx_INCLUDE_DIR}")
endif()
