//! What a schema of a description asks of a value: references followed, the branches of `allOf` taken together.

use serde_json::Value;

/// A schema, seen whole.
#[derive(Default)]
pub(crate) struct Shape<'d> {
    pub(crate) ty: Option<&'d str>,
    pub(crate) format: Option<&'d str>,
    pub(crate) pattern: Option<&'d str>,
    pub(crate) nullable: bool,
    pub(crate) members: Vec<(&'d str, &'d Value)>,
    pub(crate) required: Vec<&'d str>,
    pub(crate) more: Option<&'d Value>,
    pub(crate) items: Option<&'d Value>,
    pub(crate) listed: Option<&'d Vec<Value>>,
    /// Each list of branches of which a value takes one.
    pub(crate) choices: Vec<&'d Vec<Value>>,
    limits: Vec<(&'d str, &'d Value)>,
}

impl<'d> Shape<'d> {
    pub(crate) fn of(root: &'d Value, schema: &'d Value) -> Self {
        let mut shape = Shape::default();
        shape.add(root, schema, 0);
        shape
    }

    fn add(&mut self, root: &'d Value, schema: &'d Value, depth: usize) {
        if depth > 32 {
            return;
        }
        if schema.get("nullable") == Some(&Value::Bool(true)) {
            self.nullable = true;
        }
        if let Some(target) = target(root, schema) {
            return self.add(root, target, depth + 1);
        }
        let text = |key: &str| schema.get(key).and_then(Value::as_str);
        let list = |key: &str| schema.get(key).and_then(Value::as_array);
        for branch in list("allOf").into_iter().flatten() {
            self.add(root, branch, depth + 1);
        }
        self.ty = text("type").or(self.ty);
        self.format = text("format").or(self.format);
        self.pattern = text("pattern").or(self.pattern);
        for (name, member) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            self.members.retain(|(known, _)| known != name);
            self.members.push((name, member));
        }
        self.required.extend(list("required").into_iter().flatten().filter_map(Value::as_str));
        self.items = schema.get("items").or(self.items);
        self.listed = list("enum").or(self.listed);
        self.choices.extend(list("oneOf"));
        self.choices.extend(list("anyOf"));
        self.limits.extend(schema.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value)));
        match schema.get("additionalProperties") {
            // The Engine's way to say which members some objects have.
            Some(more) if more.pointer("/anyOf/0/name").is_some() => {
                for entry in more["anyOf"].as_array().into_iter().flatten() {
                    let name = entry["name"].as_str().unwrap_or_default();
                    self.members.push((name, entry.get("schema").unwrap_or(entry)));
                }
            }
            more => self.more = more.or(self.more),
        }
    }

    /// A limit, such as `maxLength`; the last of several counts.
    pub(crate) fn limit(&self, key: &str) -> Option<&'d Value> {
        self.limits.iter().rev().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }

    pub(crate) fn size(&self, key: &str) -> Option<usize> {
        self.limit(key).and_then(Value::as_u64).and_then(|size| usize::try_from(size).ok())
    }

    pub(crate) fn kind(&self) -> &'d str {
        match self.ty {
            Some(ty) => ty,
            None if !self.members.is_empty() || self.more.is_some_and(Value::is_object) => "object",
            None if self.items.is_some() => "array",
            None => "",
        }
    }
}

/// Where a reference leads.
pub(crate) fn target<'d>(root: &'d Value, schema: &Value) -> Option<&'d Value> {
    root.pointer(schema.get("$ref")?.as_str()?.strip_prefix('#')?)
}

/// A titled constant: the wire has its title.
pub(crate) fn constants(branches: &[Value]) -> Option<Vec<&Value>> {
    let titles: Vec<&Value> =
        branches.iter().filter(|b| b.get("x-qlik-const").is_some()).filter_map(|b| b.get("title")).collect();
    (titles.len() == branches.len() && !titles.is_empty()).then_some(titles)
}
