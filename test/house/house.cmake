find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME house.include_order
         COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/house/include_order.py ${PROJECT_SOURCE_DIR})
# The installed package, used by a small project outside.
add_test(NAME house.package
         COMMAND ${CMAKE_COMMAND} -DBUILD=${PROJECT_BINARY_DIR} -DSOURCE=${CMAKE_CURRENT_SOURCE_DIR}/package
                 -DWORK=${PROJECT_BINARY_DIR}/package_test -DCXX_FLAGS=${SANITIZER_FLAGS}
                 -P ${CMAKE_CURRENT_SOURCE_DIR}/package/package_test.cmake)
if(HALFWAVE_EXAMPLE)
  add_test(NAME example.activation COMMAND example_activation leaky_relu:slope=0.25)
  set_tests_properties(example.activation PROPERTIES
                       PASS_REGULAR_EXPRESSION "x -2.0  y -0.500000  slope  0.250000\nx -1.0 .*\nx  2.0  y  2.0")
  add_test(NAME example.activation_unknown COMMAND example_activation leaky)
  set_tests_properties(example.activation_unknown PROPERTIES PASS_REGULAR_EXPRESSION "^unknown activation 'leaky'")
  # On real data: skipped where Debian's package is missing.
  add_test(NAME example.train_and_predict
           COMMAND ${CMAKE_COMMAND} -DTRAIN=$<TARGET_FILE:example_train> -DPREDICT=$<TARGET_FILE:example_predict>
                   -DINSPECT=$<TARGET_FILE:example_inspect> -DCOMPARE=$<TARGET_FILE:example_compare>
                   -DTOOL=$<TARGET_FILE:halfwave_tool> -DWORK=${PROJECT_BINARY_DIR}/example_test
                   -P ${CMAKE_CURRENT_SOURCE_DIR}/house/example_test.cmake)
  set_tests_properties(example.train_and_predict PROPERTIES SKIP_REGULAR_EXPRESSION "skipped: ")
endif()
