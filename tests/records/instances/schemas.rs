//! The JSON schema of every generated type is one, and accepts what the type's description accepts.

use serde_json::Value;

use super::{Report, each_document, instances, judge, places};
use crate::typed::Row;

#[test]
fn json_schemas_accept_what_the_descriptions_accept() {
    each_document(
        |root, rows| {
            let mut report = Report::default();
            for row in rows {
                report.schemas += 1;
                if let Err(why) = of_row(&mut report, root, row) {
                    report.failures.push(format!("{row}: {why}"));
                }
            }
            report
        },
        "JSON schemas",
    );
}

fn of_row(report: &mut Report, root: &Value, row: &Row) -> Result<(), String> {
    let schema = (row.schema)();
    if let Err(error) = jsonschema::draft7::meta::validate(&schema) {
        return Err(format!("its JSON schema is none: {error}"));
    }
    if row.place != "schema" {
        return Ok(());
    }
    let validator = judge::validator(&schema)?;
    for schema in places::schemas(root, row) {
        let (made, refused) = instances(row, root, schema)?;
        report.refused += refused;
        for (mode, value) in made {
            report.instances += 1;
            if let Err(error) = validator.validate(&value) {
                return Err(format!(
                    "({mode:?}) its JSON schema refuses an instance: {error} at {}",
                    error.instance_path()
                ));
            }
        }
    }
    Ok(())
}
