"""Apache Spark as the engine for data that outgrow one machine; what it fits are the ordinary recommenders."""
