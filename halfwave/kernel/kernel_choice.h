// Which ways of computing a net's products may be taken. Names: those of the command line and of config
// files.
#pragma once

#include <array>
#include <string_view>

namespace halfwave {

enum class KernelChoice {
  automatic,  // the cheapest, by shape and by the zeros counted in the data: see doc/kernels.md
  dense,      // every product of the definition
  winograd,   // fewer products, wherever that is possible; else dense
  sparse,     // only products with what is not 0, wherever that is possible; else dense
  exact       // the cheaper of dense and sparse: the products of the definition, no others
};

inline constexpr std::array<std::string_view, 5> kernel_choices{"auto", "dense", "winograd", "sparse",
                                                                "exact"};

}  // namespace halfwave
