# Finds what muhat stands on. With MUHAT_FETCH_DEPENDENCIES, what is not installed is downloaded.
include(FetchContent)
list(PREPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_LIST_DIR}")

if(MUHAT_FETCH_DEPENDENCIES)
  # Only the libraries are wanted, not the tests and install rules of their projects.
  set(EIGEN_BUILD_DOC OFF)
  set(EIGEN_BUILD_PKGCONFIG OFF)
  set(EIGEN_BUILD_TESTING OFF)
  set(JSON_BuildTests OFF)
  set(JSON_Install OFF)
  set(BOOST_INCLUDE_LIBRARIES math random)
  set(BOOST_ENABLE_CMAKE ON)
  set(CLI11_BUILD_TESTS OFF)
  set(CLI11_BUILD_EXAMPLES OFF)
  set(CLI11_BUILD_DOCS OFF)
  set(BENCHMARK_ENABLE_TESTING OFF)
  set(BENCHMARK_ENABLE_INSTALL OFF)

  FetchContent_Declare(Eigen3 SYSTEM
    GIT_REPOSITORY https://gitlab.com/libeigen/eigen.git GIT_TAG 3.4.0 GIT_SHALLOW ON
    FIND_PACKAGE_ARGS 3.4 NO_MODULE)
  FetchContent_Declare(nlohmann_json SYSTEM
    GIT_REPOSITORY https://github.com/nlohmann/json.git GIT_TAG v3.11.3 GIT_SHALLOW ON
    FIND_PACKAGE_ARGS 3.11)
  FetchContent_Declare(Boost SYSTEM
    URL https://github.com/boostorg/boost/releases/download/boost-1.85.0/boost-1.85.0-cmake.tar.xz
    FIND_PACKAGE_ARGS 1.74)
  FetchContent_Declare(CLI11 SYSTEM
    GIT_REPOSITORY https://github.com/CLIUtils/CLI11.git GIT_TAG v2.4.2 GIT_SHALLOW ON
    FIND_PACKAGE_ARGS 2.1)
  FetchContent_Declare(Catch2 SYSTEM
    GIT_REPOSITORY https://github.com/catchorg/Catch2.git GIT_TAG v3.5.4 GIT_SHALLOW ON
    FIND_PACKAGE_ARGS)
  FetchContent_Declare(benchmark SYSTEM
    GIT_REPOSITORY https://github.com/google/benchmark.git GIT_TAG v1.8.3 GIT_SHALLOW ON
    FIND_PACKAGE_ARGS 1.7)
endif()

# muhat_require(<package> <find_package arguments>...): found, fetched, or a fatal error. A macro,
# because what find_package sets must reach the caller.
macro(muhat_require package)
  if(MUHAT_FETCH_DEPENDENCIES)
    FetchContent_MakeAvailable(${package})
  else()
    find_package(${package} ${ARGN} REQUIRED)
  endif()
endmacro()

muhat_require(Eigen3 3.4 NO_MODULE)
muhat_require(nlohmann_json 3.11)
muhat_require(Boost 1.74)
find_package(Threads REQUIRED)

if(MUHAT_BUILD_CLI)
  muhat_require(CLI11 2.1)
endif()
if(MUHAT_BUILD_TESTS)
  muhat_require(Catch2)
endif()
if(MUHAT_BUILD_BENCHMARKS)
  muhat_require(benchmark 1.7)
endif()

# Boost.Math and Boost.Random alone when fetched (Boost::headers may exist then, too), all of Boost's headers when installed.
if(TARGET Boost::math AND NOT Boost_FOUND)
  set(MUHAT_BOOST_TARGET Boost::math Boost::random)
else()
  set(MUHAT_BOOST_TARGET Boost::headers)
endif()
