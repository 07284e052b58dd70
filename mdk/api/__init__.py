"""The API's doors to series, meetings, agendas, preparation and outcomes."""
