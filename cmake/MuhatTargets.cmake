# The targets that users link: muhat::muhat (the library), muhat::cli (the tool's headers) and one per
# adapter. Each has a header set and dependencies of its own.
set(include_dir "${PROJECT_SOURCE_DIR}/include")

# muhat_headers(<variable> <glob>...): headers that match, relative to include/muhat.
function(muhat_headers variable)
  list(TRANSFORM ARGN PREPEND "${include_dir}/muhat/")
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${ARGN})
  set(${variable} "${headers}" PARENT_SCOPE)
endfunction()

# muhat_interface(<name> HEADERS <header>... LINKS <target>... [DEFINES <definition>...]): muhat::<name>.
function(muhat_interface name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "HEADERS;LINKS;DEFINES")
  set(target muhat_${name})
  if(name STREQUAL "muhat")
    set(target muhat)
  endif()
  add_library(${target} INTERFACE)
  add_library(muhat::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  target_sources(${target} INTERFACE FILE_SET HEADERS BASE_DIRS "${include_dir}" FILES ${ARG_HEADERS})
  target_compile_features(${target} INTERFACE cxx_std_20)
  target_link_libraries(${target} INTERFACE ${ARG_LINKS})
  target_compile_definitions(${target} INTERFACE ${ARG_DEFINES})
endfunction()

muhat_headers(core_headers *.hpp)
list(FILTER core_headers EXCLUDE REGEX "/include/muhat/(cli|adapters)/")
muhat_interface(muhat
  HEADERS ${core_headers}
  LINKS Eigen3::Eigen nlohmann_json::nlohmann_json ${MUHAT_BOOST_TARGET} Threads::Threads)

if(MUHAT_BUILD_CLI)
  muhat_headers(cli_headers cli/*.hpp)
  muhat_interface(cli HEADERS ${cli_headers} LINKS muhat::muhat CLI11::CLI11)
endif()

# muhat_adapter(<name> <find module> <target>): muhat::<name> from include/muhat/adapters/<name>.hpp and
# adapters/<name>/. MUHAT_HAS_<NAME> is defined for those who link it.
function(muhat_adapter name package dependency)
  string(TOUPPER ${name} upper)
  if(NOT MUHAT_ADAPTER_${upper})
    return()
  endif()
  if(MUHAT_ADAPTER_${upper} STREQUAL "AUTO")
    find_package(${package} QUIET)
  else()
    find_package(${package} REQUIRED)
  endif()
  if(NOT ${package}_FOUND)
    message(STATUS "muhat: ${package} not found, no muhat::${name}")
    return()
  endif()
  muhat_headers(headers adapters/${name}.hpp adapters/${name}/*.hpp)
  muhat_interface(${name}
    HEADERS ${headers} LINKS muhat::muhat ${dependency} DEFINES MUHAT_HAS_${upper}=1)
endfunction()

muhat_adapter(lbfgspp LBFGSpp LBFGSpp::LBFGSpp)
muhat_adapter(nlopt NLoptCxx NLoptCxx::NLoptCxx)
muhat_adapter(tbb TBB TBB::tbb)
