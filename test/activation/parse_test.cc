// Names, texts and facts of the catalogue: lookup, round trips, and every message for wrong text.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

#include "catalogue_testing.h"
#include "halfwave/base/error.h"

namespace halfwave {
namespace {

std::string message_of(std::string_view text) {
  try {
    const Activation activation = Activation::parse(text);
    return "no error; parsed as " + activation.text();
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Catalogue, StatesEveryFact) {
  std::set<std::string_view> names;
  EXPECT_GE(activations().size(), 28U);
  for (const ActivationInfo* info : activations()) {
    SCOPED_TRACE(info->name);
    EXPECT_TRUE(names.insert(info->name).second) << "the name is used twice";
    EXPECT_EQ(info->name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), std::string_view::npos);
    EXPECT_FALSE(info->formula.empty());
    EXPECT_FALSE(info->slope_formula.empty());
    EXPECT_FALSE(info->source.empty());
    EXPECT_NE(info->kind, ActivationKind::fold) << "takes several inputs: a layer";
    EXPECT_LE(info->parameters.size(), max_activation_parameters);
    for (const ActivationParameter& parameter : info->parameters) {
      EXPECT_FALSE(parameter.name.empty());
      EXPECT_FALSE(parameter.meaning.empty());
      EXPECT_LT(parameter.minimum, parameter.maximum);
      EXPECT_LE(parameter.minimum, parameter.initial);
      EXPECT_LE(parameter.initial, parameter.maximum);
    }
  }
}

TEST(Catalogue, KindsHaveNames) {
  EXPECT_EQ(to_string(ActivationKind::ridge), "ridge");
  EXPECT_EQ(to_string(ActivationKind::radial), "radial");
  EXPECT_EQ(to_string(ActivationKind::fold), "fold");
}

TEST(Catalogue, InitialisationsHaveNames) {
  EXPECT_EQ(to_string(Initialisation::he), "He");
  EXPECT_EQ(to_string(Initialisation::glorot), "Glorot");
  EXPECT_EQ(to_string(Initialisation::lecun), "LeCun");
}

TEST(Parse, NameAloneGivesTheDefaults) {
  for (const ActivationInfo* info : activations()) {
    const Activation activation = Activation::parse(info->name);
    EXPECT_EQ(&activation.info(), info);
    EXPECT_EQ(activation.text(), info->name);
    ASSERT_EQ(activation.parameters().size(), info->parameters.size());
    for (std::size_t i = 0; i < info->parameters.size(); ++i) {
      EXPECT_EQ(activation.parameters()[i], info->parameters[i].initial);
    }
  }
}

TEST(Parse, ReadsWhatTextWrites) {
  for (const Activation& activation : variants()) {
    SCOPED_TRACE(activation.text());
    const Activation again = Activation::parse(activation.text());
    EXPECT_EQ(again, activation);
    EXPECT_EQ(again.text(), activation.text());
  }
}

TEST(Parse, TellsDifferentActivationsApart) {
  const std::vector<Activation> all = variants();
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = 0; j < all.size(); ++j) EXPECT_EQ(all[i] == all[j], i == j) << all[i].text();
  }
}

TEST(Parse, BothEndsOfARangeAreAllowedAndNothingBeyond) {
  for (const ActivationInfo* info : activations()) {
    for (const ActivationParameter& parameter : info->parameters) {
      const auto text = [&](float value) {
        return fmt::format("{}:{}={}", info->name, parameter.name, value);
      };
      SCOPED_TRACE(text(parameter.minimum));
      const auto is_range_error = [](const std::string& message) {
        return message.find("expected a number from ") != std::string::npos;
      };
      EXPECT_FALSE(is_range_error(message_of(text(parameter.minimum))));
      EXPECT_FALSE(is_range_error(message_of(text(parameter.maximum))));
      if (parameter.minimum > -float_largest) {
        EXPECT_TRUE(is_range_error(message_of(text(std::nextafter(parameter.minimum, -float_infinity)))));
      }
      if (parameter.maximum < float_largest) {
        EXPECT_TRUE(is_range_error(message_of(text(std::nextafter(parameter.maximum, float_infinity)))));
      }
    }
  }
}

// The words of the messages, on examples.
TEST(Parse, SaysWhatIsWrong) {
  EXPECT_EQ(Activation::parse("leaky_relu:slope=0.25").text(), "leaky_relu:slope=0.25");
  EXPECT_EQ(Activation::parse("leaky_relu:slope=0.01").text(), "leaky_relu");
  EXPECT_EQ(Activation::parse("hard_tanh:maximum=2,minimum=-2").text(), "hard_tanh:minimum=-2,maximum=2");

  EXPECT_EQ(message_of("rellu"), "unknown activation 'rellu'; did you mean 'relu'?");
  EXPECT_EQ(message_of("gelu_tan"), "unknown activation 'gelu_tan'; did you mean 'gelu_tanh'?");
  EXPECT_EQ(message_of("").rfind("unknown activation ''; expected one of linear, relu, relu6, ", 0), 0U)
      << message_of("");
  EXPECT_EQ(message_of("RELU\nrelu").rfind("unknown activation 'RELU?relu'", 0), 0U);
  EXPECT_EQ(
      message_of(std::string(1000, 'x')).rfind("unknown activation '" + std::string(64, 'x') + "...';", 0),
      0U);
  EXPECT_EQ(message_of("relu:slope=1"), "activation 'relu' has no parameters, got 'slope=1'");
  EXPECT_EQ(message_of("relu:"), "activation 'relu' has no parameters, got ''");
  EXPECT_EQ(
      message_of("leaky_relu:slop=1"),
      "activation 'leaky_relu': unknown parameter 'slop'; did you mean 'slope'? (its parameters are slope)");
  EXPECT_EQ(message_of("hard_tanh:size=1"),
            "activation 'hard_tanh': unknown parameter 'size' (its parameters are minimum, maximum)");
  EXPECT_EQ(message_of("leaky_relu:"),
            "activation 'leaky_relu': expected parameter=value, got ''; its parameters are slope");
  EXPECT_EQ(message_of("leaky_relu:0.1"),
            "activation 'leaky_relu': expected parameter=value, got '0.1'; its parameters are slope");
  EXPECT_EQ(message_of("leaky_relu:slope=0.1,"),
            "activation 'leaky_relu': expected parameter=value, got ''; its parameters are slope");
  EXPECT_EQ(message_of("leaky_relu:slope=0.1,slope=0.2"),
            "activation 'leaky_relu': parameter 'slope' is given twice");
  EXPECT_EQ(message_of("leaky_relu:slope=-1"),
            "activation 'leaky_relu': parameter 'slope': expected a number from 0 to 1000000, got '-1'");
  EXPECT_EQ(message_of("hard_tanh:minimum=2"),
            "activation 'hard_tanh': expected minimum < maximum, got 'minimum=2'");
  EXPECT_EQ(message_of("elu:alpha=1e50"),
            "activation 'elu': parameter 'alpha': '1e50' is too large or too small for a 32-bit float");
  for (const std::string_view wrong : {"", "nan", "-nan", "inf", "-inf", "infinity", "one", "0.1x", " 0.1",
                                       "0.1 ", "+0.1", "0x1", "1e", "--1", "1,5"}) {
    const std::string message = message_of(fmt::format("elu:alpha={}", wrong));
    if (wrong == "1,5") {
      EXPECT_EQ(message, "activation 'elu': expected parameter=value, got '5'; its parameters are alpha");
    } else {
      EXPECT_EQ(
          message,
          fmt::format("activation 'elu': parameter 'alpha': expected a finite number, got '{}'", wrong));
    }
  }
}

}  // namespace
}  // namespace halfwave
