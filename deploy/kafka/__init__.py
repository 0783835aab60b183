"""A real Apache Kafka, started and stopped by us: for a laptop and for tests, never for production."""

from deploy.kafka.broker import Broker, BrokerUnavailable

__all__ = ["Broker", "BrokerUnavailable"]
