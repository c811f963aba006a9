halfwave_test(activation parse_test.cc value_test.cc kernel_test.cc polynomial_table_test.cc function_test.cc)
