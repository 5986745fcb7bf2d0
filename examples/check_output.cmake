# Runs COMMAND and compares what it prints with the file EXPECTED, by the program COMPARE.
execute_process(
  COMMAND ${COMMAND}
  COMMAND "${COMPARE}" "${EXPECTED}"
  RESULTS_VARIABLE results)
if(NOT results STREQUAL "0;0")
  message(FATAL_ERROR "exit codes of the program and of the comparison: ${results}")
endif()
