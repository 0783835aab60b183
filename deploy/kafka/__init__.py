"""A real Apache Kafka broker, started and stopped by us: for laptops and tests, never for production."""

from deploy.kafka.broker import Broker, BrokerUnavailable

__all__ = ["Broker", "BrokerUnavailable"]
