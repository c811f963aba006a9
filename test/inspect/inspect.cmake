halfwave_test(inspect bounds_test.cc health_test.cc finding_test.cc)
