# Warnings for what is built in this tree: tests, examples, benchmarks and the header check. They are
# directory options, so they never reach a target that a user of muhat links. Warnings become errors
# with CMAKE_COMPILE_WARNING_AS_ERROR (preset `dev`).
if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
  add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wshadow)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # False alarms of GCC 12 where it inlines the resizing of Eigen's vectors or std::string's comparison;
    # the sanitizers would tell.
    add_compile_options(-Wno-use-after-free -Wno-error=stringop-overread -Wno-error=stringop-overflow
      -Wno-error=array-bounds -Wno-error=maybe-uninitialized -Wno-error=restrict -Wno-error=dangling-pointer)
  endif()
elseif(MSVC)
  add_compile_options(/W4)
endif()
