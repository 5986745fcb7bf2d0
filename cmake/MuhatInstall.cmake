# Installs headers, the CMake package and the tool. Every component has its own targets file, so that
# find_package(muhat) looks only for the dependencies of the components it was asked for.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Only what is installed itself can be found again by those who use the installed muhat.
set(dependencies Eigen3::Eigen nlohmann_json::nlohmann_json ${MUHAT_BOOST_TARGET})
if(TARGET muhat_cli)
  list(APPEND dependencies CLI11::CLI11)
endif()
foreach(dependency IN LISTS dependencies)
  get_target_property(imported ${dependency} IMPORTED)
  if(NOT imported)
    message(STATUS "muhat: no install rules, because ${dependency} is built in this tree")
    set(MUHAT_INSTALL OFF)
    return()
  endif()
endforeach()

set(package_dir "${CMAKE_INSTALL_DATADIR}/cmake/muhat")

foreach(component IN ITEMS muhat cli lbfgspp nlopt tbb)
  if(component STREQUAL "muhat")
    set(target muhat)
  else()
    set(target muhat_${component})
  endif()
  if(TARGET ${target})
    install(TARGETS ${target} EXPORT muhat-${component} FILE_SET HEADERS)
    install(EXPORT muhat-${component}
      FILE muhat-${component}.cmake NAMESPACE muhat:: DESTINATION "${package_dir}")
  endif()
endforeach()

configure_package_config_file(cmake/muhatConfig.cmake.in muhatConfig.cmake
  INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file(muhatConfigVersion.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES
  "${PROJECT_BINARY_DIR}/muhatConfig.cmake"
  "${PROJECT_BINARY_DIR}/muhatConfigVersion.cmake"
  cmake/FindLBFGSpp.cmake
  cmake/FindNLoptCxx.cmake
  DESTINATION "${package_dir}")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")

if(TARGET muhat-cli)
  install(TARGETS muhat-cli RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
