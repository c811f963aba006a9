halfwave_test(report axis_test.cc svg_test.cc)
