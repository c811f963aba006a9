halfwave_test(layer golden_test.cc)
