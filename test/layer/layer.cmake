halfwave_test(layer golden_test.cc gradient_test.cc option_test.cc dropout_test.cc batch_norm_test.cc)
