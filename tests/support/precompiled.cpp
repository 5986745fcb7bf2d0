// CMake attaches the tests' precompiled header to this file; see tests/CMakeLists.txt.
