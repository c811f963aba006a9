halfwave_test(net inference_test.cc spec_test.cc net_error_test.cc built_in_test.cc initialise_test.cc safetensors_test.cc arena_test.cc
              plan_fusion_test.cc plan_gradient_test.cc plan_test.cc ../common/allocation_count.cc)
