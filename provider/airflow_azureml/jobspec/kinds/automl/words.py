"""The accepted words of AutoML: metrics, algorithms, and whatever else is chosen from a list.

Source: the models of azure-ai-ml 1.35.2 (``_restclient``), in the spelling of the service.
"""

from __future__ import annotations

METRICS = ["AUCWeighted", "Accuracy", "NormMacroRecall", "AveragePrecisionScoreWeighted", "PrecisionScoreWeighted"]
NUMERIC_METRICS = ["SpearmanCorrelation", "NormalizedRootMeanSquaredError", "R2Score", "NormalizedMeanAbsoluteError"]
VERBOSITY = ["NotSet", "Debug", "Info", "Warning", "Error", "Critical"]
TRANSFORMERS = [
    "TextTargetEncoder",
    "OneHotEncoder",
    "CatTargetEncoder",
    "TfIdf",
    "WoETargetEncoder",
    "LabelEncoder",
    "WordEmbedding",
    "NaiveBayes",
    "CountVectorizer",
    "HashOneHotEncoder",
]
META_LEARNERS = [
    "None",
    "LogisticRegression",
    "LogisticRegressionCV",
    "LightGBMClassifier",
    "ElasticNet",
    "ElasticNetCV",
    "LightGBMRegressor",
    "LinearRegression",
]
CLASSIFIERS = [
    "LogisticRegression",
    "SGD",
    "MultinomialNaiveBayes",
    "BernoulliNaiveBayes",
    "SVM",
    "LinearSVM",
    "KNN",
    "DecisionTree",
    "RandomForest",
    "ExtremeRandomTrees",
    "LightGBM",
    "GradientBoosting",
    "XGBoostClassifier",
]
REGRESSORS = [
    "ElasticNet",
    "GradientBoosting",
    "DecisionTree",
    "KNN",
    "LassoLars",
    "SGD",
    "RandomForest",
    "ExtremeRandomTrees",
    "LightGBM",
    "XGBoostRegressor",
]
FORECASTERS = [
    "AutoArima",
    "Prophet",
    "Naive",
    "SeasonalNaive",
    "Average",
    "SeasonalAverage",
    "ExponentialSmoothing",
    "Arimax",
    "TCNForecaster",
    *REGRESSORS,
]
OPTIMIZERS = ["None", "Sgd", "Adam", "Adamw"]
SCHEDULERS = ["None", "WarmupCosine", "Step"]
TEXT_SCHEDULERS = ["None", "Linear", "Cosine", "CosineWithRestarts", "Polynomial", "Constant", "ConstantWithWarmup"]
SIZES = ["None", "Small", "Medium", "Large", "ExtraLarge"]
VALIDATION_METRICS = ["None", "Coco", "Voc", "CocoVoc"]
SWITCH = ["Enable", "Disable"]
