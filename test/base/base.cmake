halfwave_test(base random_test.cc file_test.cc text_test.cc parallel_test.cc table_test.cc)
