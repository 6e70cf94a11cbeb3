import { givenInputs, secretsOf } from '@signwright/adapter-node';
import { TaskCommand } from 'azure-pipelines-task-lib/taskcommand.js';
import { inCamelCase } from './names.ts';

// Before the task library is loaded: it takes the inputs out of the environment, and tells the log's debug lines each that is read.
const inputs = givenInputs('azure-devops', (name) => process.env[`INPUT_${inCamelCase(name).toUpperCase()}`]);
for (const secret of secretsOf(inputs, process.env))
  process.stdout.write(`${new TaskCommand('task.setsecret', {}, secret).toString()}\n`);
