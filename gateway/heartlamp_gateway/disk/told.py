"""Which rows of the alarm file may be counted where people of the village see it: rules/untold.py, in SQL."""

WITHOUT_SILENT = """
device NOT IN (SELECT json_extract(d.value, '$.id') FROM word, json_each(word.value, '$.devices') d
               WHERE word.name = 'registry' AND json_extract(d.value, '$.kind') = 'silent')
AND (frame IS NULL OR (instr(frame, CAST('"silent"' AS BLOB)) = 0 AND instr(frame, x'5C') = 0))
"""
