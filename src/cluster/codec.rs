//! Stages as bytes between client, scheduler and executors.

use std::sync::Arc;

use ballista_core::serde::BallistaPhysicalExtensionCodec;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::physical_plan::{PhysicalExtensionCodec, PhysicalProtoConverterExtension};
use serde_json::{Value as Json, json};

use super::node::StageNode;
use super::part::Part;
use super::stage::Via;

/// In front of a stage's bytes.
const MARK: &[u8] = b"argql";

/// Writes and reads our nodes, and leaves all others to Ballista.
///
/// Reading never fails. Ballista gives up an executor that cannot read a task, and the job waits for it: so what cannot
/// be read is a node that says so when it is run.
#[derive(Debug, Default)]
pub(super) struct StageCodec(BallistaPhysicalExtensionCodec);

impl PhysicalExtensionCodec for StageCodec {
    fn try_decode(
        &self,
        bytes: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        context: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let unknown = |why: &str| -> Arc<dyn ExecutionPlan> { Arc::new(StageNode::unreadable(inputs.to_vec(), why)) };
        Ok(match bytes.strip_prefix(MARK) {
            Some(rest) => match read(rest) {
                Some((part, schema)) => Arc::new(StageNode::new(part, schema, inputs.to_vec())),
                None => unknown("a stage of another version of argql"),
            },
            None => {
                self.0.try_decode(bytes, inputs, context, converter).unwrap_or_else(|error| unknown(&error.to_string()))
            }
        })
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        bytes: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        match node.downcast_ref::<StageNode>() {
            Some(stage) => write(stage.part()?, &stage.schema(), bytes),
            None => self.0.try_encode(node, bytes, converter),
        }
    }
}

/// A line of JSON, and behind it the schema as Arrow writes it.
fn write(part: &Part, schema: &Schema, bytes: &mut Vec<u8>) -> Result<()> {
    let vias: Vec<&str> = part.vias.iter().map(|via| name(*via)).collect();
    let head = json!({ "job": &*part.job, "stage": part.stage, "about": &*part.about, "vias": vias });
    bytes.extend(MARK);
    bytes.extend(head.to_string().as_bytes());
    bytes.push(b'\n');
    StreamWriter::try_new(bytes, schema).and_then(|mut writer| writer.finish()).map_err(DataFusionError::from)
}

fn read(bytes: &[u8]) -> Option<(Part, SchemaRef)> {
    let end = memchr::memchr(b'\n', bytes)?;
    let (head, schema) = bytes.split_at(end);
    let head: Json = serde_json::from_slice(head).ok()?;
    let number = |json: &Json| usize::try_from(json.as_u64()?).ok();
    let part = Part {
        job: head["job"].as_str()?.into(),
        stage: number(&head["stage"])?,
        about: head["about"].as_str()?.into(),
        vias: head["vias"].as_array()?.iter().map(|via| named(via.as_str()?)).collect::<Option<_>>()?,
    };
    let schema = StreamReader::try_new(schema.get(1..)?, None).ok()?.schema();
    Some((part, schema))
}

const NAMES: [(Via, &str); 3] = [(Via::Hash, "key"), (Via::Gather, "one"), (Via::Broadcast, "every")];

fn name(via: Via) -> &'static str {
    NAMES.iter().find(|(one, _)| *one == via).map_or("", |(_, name)| name)
}

fn named(name: &str) -> Option<Via> {
    NAMES.iter().find(|(_, one)| *one == name).map(|(via, _)| *via)
}
