"""The fields of operators and sensors: what they may be given, and what they are once they are rendered."""
