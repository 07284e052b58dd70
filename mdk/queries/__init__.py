"""Reading meetings, agendas and candidates: plain rows for pages, files and API alike."""
