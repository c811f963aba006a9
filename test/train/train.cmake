halfwave_test(train golden_test.cc loss_test.cc optimiser_test.cc options_test.cc fine_tune_test.cc rate_search_test.cc rate_test_test.cc recipe_choice_test.cc recipe_test.cc schedule_test.cc trainer_test.cc
              model_test.cc predictor_test.cc ../common/allocation_count.cc)
