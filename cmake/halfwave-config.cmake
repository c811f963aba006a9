include(${CMAKE_CURRENT_LIST_DIR}/dependency.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/halfwave-targets.cmake)
