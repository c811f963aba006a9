halfwave_test(inspect bounds_test.cc comparison_test.cc finding_test.cc golden_test.cc health_test.cc layer_maps_test.cc ranking_test.cc revival_test.cc training_finding_test.cc watch_test.cc)
