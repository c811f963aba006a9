halfwave_test(tensor buffer_test.cc shape_test.cc)
