halfwave_test(experiment experiment_test.cc)
