halfwave_test(kernel bias_gradient_test.cc channel_sum_test.cc convolution_value_test.cc convolution_contract_test.cc convolution_choice_test.cc
              winograd_test.cc
              max_pool_test.cc pooled_convolution_test.cc average_pool_test.cc maxout_test.cc normalisation_test.cc response_norm_test.cc
              parameter_update_test.cc prelu_test.cc product_test.cc softmax_test.cc elementwise_test.cc few_images_test.cc unit_statistics_test.cc zero_share_test.cc)
