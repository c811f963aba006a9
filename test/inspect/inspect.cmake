halfwave_test(inspect health_test.cc finding_test.cc)
