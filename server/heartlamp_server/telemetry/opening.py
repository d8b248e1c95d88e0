"""Which store the time series is in, by server.toml."""

from heartlamp_server.config import ConfigError, Telemetry
from heartlamp_server.telemetry.model import TimeSeries
from heartlamp_server.telemetry.store import PostgresSeries


def series(settings: Telemetry) -> TimeSeries:
    """Raises ConfigError where the library is missing."""
    if settings.influx is None:
        return PostgresSeries(settings.days)
    try:
        from heartlamp_server.telemetry.influx import InfluxSeries
    except ImportError as error:
        raise ConfigError(f"[telemetry] is in InfluxDB: install heartlamp-server[influx] ({error})") from error
    return InfluxSeries(settings.influx, settings.days)
